"""What people change in the page: kept in settings.local.yaml of the data folder, and counted at once where that is possible."""
