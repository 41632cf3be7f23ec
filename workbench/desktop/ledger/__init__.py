"""The ledger dock: every run and step of the session, and the ways back and onward from each."""
