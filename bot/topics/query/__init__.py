"""Topics written as queries: words, "phrases", AND OR NOT, NEAR and its kin, fields, wildcards, weights."""
