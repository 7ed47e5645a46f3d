"""Tools for every room: parameter checks, arguments of functions, the import of Keras, tables, versions."""
