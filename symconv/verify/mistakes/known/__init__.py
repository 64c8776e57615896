"""The mistakes that are known, by what they are about. Simple ones come first: where several fit, these are named."""
