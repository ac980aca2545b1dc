//! Scripts as data. That each statement is really refused, and its neighbours are not, is tested on real servers.
