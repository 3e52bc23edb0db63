"""Where alerts go and commands come from, one file or package each."""
