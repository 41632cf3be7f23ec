"""What a run did, as a page that a browser shows and tables that a spreadsheet reads."""
