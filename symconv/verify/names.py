"""What people call the operands and attributes of a layer: spellings in lower case, without underscores."""

from __future__ import annotations

from collections.abc import Mapping

# Parameters of functions and methods. The first role that has a spelling gets it.
_PARAMETERS = {
    "x": "x input inputs inp xin image img images a aprev data features featuremap z inputdata inputtensor xcol src",
    "w": "w weight weights kernel kernels filter filters f wt wgt coeffs",
    "b": "b bias biases w0 b0",
    "dy": "dy dout gradoutput gradout dz da delta deltas upstream outputgradient outputgrad grad grady gradient dldy "
    "dldout dldz dout dh gout error loss accumgrad dloss outputdelta outgrad gradin dvalues gy g upstreamgrad",
    "y": "y out output yout activations",
    "strides": "s stride strides step steps",
    "pads": "p pad pads padding paddings",
    "dilations": "d dilation dilations rate dilationrate",
    "group": "g group groups ngroups numgroups",
    "kernel_shape": "kernelsize kernelshape ksize poolsize size window k filtersize filtershape poolshape windowsize "
    "kernsize poolingsize windowshape pool",
    "x_shape": "xshape inputshape inshape imageshape xsize inputsize inputdims",
    "w_shape": "wshape weightshape weightsshape kshape",
    "in_channels": "inchannels nchannels cin inc inputchannels channelsin inputdepth ic indepth ninputs infeatures "
    "inputdim indim nin inputunits dimin channels numchannels ninput inputs ni inputnodes numinputs nc",
    "out_channels": "outchannels nfilters numfilters cout outputchannels depth outdepth nf outfeatures outputdim "
    "outputsize nout outputunits dimout units numkernels nkernels outc nkernel filternum noutput noutputs outputs "
    "no nunits numoutputs filtercount numoffilters",
    "learning_rate": "learningrate learnrate lr eta stepsize",
    "alpha": "alpha slope negativeslope leak leakage",
    "optimizer": "optimizer optim opt optimiser",
    "training": "training train istraining trainmode istrain",
    "cache": "cache memory saved ctx context",
    "settings": "convparam poolparam params param hparameters hparams convparams poolparams config",
}
# In a constructor a filter is a number of them, or its size.
_CONSTRUCTOR = {
    "out_channels": "filters kernels f outputdepth",
    "kernel_shape": "filter kernel filterdim kerneldim filtersize",
    "in_channels": "c d depthin inputsize",
    "learning_rate": "a",
}
_RETURNED = {
    "y": "y out output z result outputs a h feature featuremap",
    "dx": "dx gradx gradinput dinput dinputs inputgradient gx daprev da gradin inputgrad dimage gradinputs deltaprev",
    "dw": "dw gradw gradweight gradweights dweight dweights dkernel dkernels dfilter dfilters gw gradkernel "
    "gradkernels gradfilters filtergradient kernelsgradient wgrad weightgrad weightsgrad kernelgradient "
    "weightgradient dk df gradswrtw kernelgrad kernelsgrad filtersgrad weightsgradient filtergrad",
    "db": "db gradb gradbias gradbiases dbias dbiases gb bgrad biasgrad biasgradient biasesgrad",
}

# The operand that an array is like: adjoints have the layout and the shape of what they are the adjoint of.
LIKE = {**{name: name for name in "xwby"}, "dx": "x", "dw": "w", "db": "b", "dy": "y"}

_METHODS = {
    "forward": "forward __call__ call forward_pass forward_propagation forward_prop fprop feedforward",
    "backward": "backward backprop back_prop backward_pass backward_propagation backpropagation back_propagation "
    "backward_prop bprop backpropagate back gradient",
    "initialise": "set_input_shape init initialize initialise build init_weights initialize_weights init_params "
    "initialize_parameters initialize_params setup create_weights compile",
}
FORWARD, BACKWARD, INITIALISE = (tuple(names.split()) for names in _METHODS.values())


def plain(name: str) -> str:
    """A name without what spelling adds: lower case, no underscores."""
    return name.lower().replace("_", "")


def _table(*roles: Mapping[str, str]) -> dict[str, str]:
    out: dict[str, str] = {}
    for part in roles:
        for role, spellings in part.items():
            for spelling in spellings.split():
                out.setdefault(spelling, role)
    return out


PARAMETER = _table(_PARAMETERS)
CONSTRUCTED = _table(_CONSTRUCTOR, _PARAMETERS)
RETURNED = _table(_RETURNED)
ROLES = tuple(_PARAMETERS)


def returned_as(key: str) -> str | None:
    """The output that a key of a dictionary, or the path of an attribute, names: "grads.W", "d_L_d_filters" are dw."""
    *way, last = (plain(part) for part in key.split("."))
    if last in RETURNED:
        return RETURNED[last]
    of, marked = last, any("grad" in part or part.startswith("d") for part in way)
    for mark in ("gradients", "gradient", "grad", "delta", "dldloss", "dl", "wrt"):
        marked |= mark in of
        of = of.replace(mark, "")
    bare = of.removeprefix("d")
    for name in (bare, bare.removesuffix("s")) if marked or bare != of else ():
        role = PARAMETER.get(name)
        if role in ("x", "w", "b"):
            return f"d{role}"
    return None


def counted_as(name: str) -> str | None:
    """What a constructor's parameter counts: input_channel, n_neurons, num_output_features."""
    flat = plain(name)
    counts = any(unit in flat for unit in ("channel", "dim", "size", "feature", "depth"))
    nodes = any(unit in flat for unit in ("unit", "node", "neuron", "filter"))
    if not counts and not nodes:
        return None
    if "out" in flat or (nodes and "in" not in flat):
        return "out_channels"
    return "in_channels" if "in" in flat or "channel" in flat else None


def spellings(role: str) -> list[str]:
    return _PARAMETERS[role].split()
