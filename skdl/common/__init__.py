"""Tools for every room: checks of parameters, arguments of functions, the import of Keras, tables."""
