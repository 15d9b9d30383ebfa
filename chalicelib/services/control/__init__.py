"""What is wanted and what is there, brought together: reconciler, standby pool, upgrades, the minute's sweep."""
