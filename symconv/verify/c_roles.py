"""What the parameters of a C function mean: arrays by name, sizes and attributes by name."""

from __future__ import annotations

from collections.abc import Mapping

from symconv.ir import UserError
from symconv.verify.names import plain
from symconv.verify.prototype import CParameter, Prototype

_INPUTS = {
    "x": "x in input inputs src image img data xin a",
    "w": "w weight weights kernel kernels k filter filters wt coeffs",
    "b": "b bias biases",
    "dy": "dy dout gradoutput gradout dz delta gout gy upstream",
}
_OUTPUTS = {
    "y": "y out output outputs dst z res result yout",
    "dx": "dx gradinput gradin din dinput gx dimage",
    "dw": "dw gradweight gradweights dweight dweights dkernel dfilter gw",
    "db": "db gradbias dbias gb",
}
_NUMBERS = {
    "N": "n batch batchsize num nimages bs nbatch",
    "C": "c cin inc ic inchannels channels nchannels inputchannels ci nin",
    "H": "h height ih inh inputheight rows hin inheight xh imageheight",
    "W": "w width iw inw inputwidth cols win inwidth xw imagewidth",
    "D": "depth id ind inputdepth din",
    "O": "oc cout outc f filters nfilters numfilters outchannels m co o no nf nout outputchannels",
    "OH": "oh outh outputheight ho hout outheight yh",
    "OW": "ow outw outputwidth wo wout outwidth yw",
    "KH": "kh kernelh r fh kernelheight hk wh",
    "KW": "kw kernelw fw kernelwidth wk ww",
    "K": "k ksize kernelsize kernel poolsize size",
    "stride": "stride strides s step",
    "stride_h": "strideh sh stridey",
    "stride_w": "stridew sw stridex",
    "pad": "pad padding p pads",
    "pad_top": "padh ph padtop padt pady paddingh",
    "pad_left": "padw pw padleft padl padx paddingw",
    "pad_bottom": "padbottom padb",
    "pad_right": "padright padr",
    "dilation": "dilation dilations d dil rate",
    "dilation_h": "dilationh dh",
    "dilation_w": "dilationw dw",
    "group": "group groups g ngroups",
}
_TOLD = {
    "strides": ("stride", "stride_h"),
    "pads": ("pad", "pad_top"),
    "dilations": ("dilation", "dilation_h"),
    "group": ("group",),
}
ARRAYS = (*_INPUTS, *_OUTPUTS)
C_ROLES = (*ARRAYS, *_NUMBERS)


def c_roles(prototype: Prototype, given: Mapping[str, str]) -> tuple[tuple[CParameter, str], ...]:
    """A role for every parameter. given: those that the user settled. `UserError` where one is unknown or twice."""
    names = {plain(p.name) for p in prototype.parameters}
    out: list[tuple[CParameter, str]] = []
    taken: dict[str, str] = {}
    for p in prototype.parameters:
        role = given.get(p.name) or _role(p, names)
        if role is None or role not in C_ROLES:
            known = ", ".join(C_ROLES)
            raise UserError(f"parameter {p.name} of {prototype.name}: say --bind {p.name}=ROLE with one of {known}")
        if role in taken:
            both = f"{taken[role]} and {p.name}"
            raise UserError(f"parameters {both} of {prototype.name} are both {role}: settle it by --bind")
        taken[role] = p.name
        out.append((p, role))
    return tuple(out)


def _role(p: CParameter, names: set[str]) -> str | None:
    name = plain(p.name)
    if p.pointer:
        return _found(name, {**_INPUTS, **_OUTPUTS})
    if name == "s" and "r" in names:
        return "KW"
    return _found(name, _NUMBERS)


def _found(name: str, table: Mapping[str, str]) -> str | None:
    return next((role for role, spellings in table.items() if name in spellings.split()), None)


def told(roles: frozenset[str], attribute: str) -> bool:
    """Can the function be told this attribute of a window?"""
    return attribute == "kernel_shape" or bool(roles & set(_TOLD.get(attribute, (attribute,))))
