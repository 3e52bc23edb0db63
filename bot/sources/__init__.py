"""Where articles come from: one file per kind of source, and the guards that let us read hostile servers."""
