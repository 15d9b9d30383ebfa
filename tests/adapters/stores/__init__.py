"""One suite over the stores in the table and over the tests' fakes of them: what holds of one holds of the other."""
