//! What must hold for any input, for the fuzz targets beside it and for the tests of the workspace, which take it over by its path.

pub mod promises;
