"""What ROME, MEMIT and AlphaEdit do at the subject's last token; notation as on the method page of the help."""
