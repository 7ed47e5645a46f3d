"""TensorFlow's programs: traced once for a structure, called by each fit of it."""
