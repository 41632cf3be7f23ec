"""What each score is called wherever a person reads it, in the order of reading."""

TITLES = {
    "es": "Efficacy (ES)",
    "gs": "Generalisation (GS)",
    "ls": "Locality, reference (LS)",
    "locality_kept": "Locality, kept",
    "exact": "Exact",
    "generated": "Generated",
    "preference": "Preference",
    "perplexity": "Perplexity",
}
