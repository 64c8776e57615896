"""Plans for whole arrays: sums as a few statements over slices, matrix products, or index grids.

affine   index expressions, their bounds
slices   loops over taps, one slice an axis
maximum  the winning unit of each window
product  matrix products over windows
grid     index grids and masks
choose   which plan a sum gets
"""

from symconv.lower.vectorized.choose import Chosen, Plan, StagePlan, plans_of
from symconv.lower.vectorized.grid import GridPlan
from symconv.lower.vectorized.maximum import MaximumPlan
from symconv.lower.vectorized.product import ProductPlan, View
from symconv.lower.vectorized.slices import SlicesPlan

__all__ = ["Chosen", "GridPlan", "MaximumPlan", "Plan", "ProductPlan", "SlicesPlan", "StagePlan", "View", "plans_of"]
