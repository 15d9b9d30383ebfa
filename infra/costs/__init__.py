"""What it costs and where it ends: arithmetic over dated tables of AWS's prices and quotas, for the documents."""
