"""What each score is called wherever a person reads it, in the order of reading."""

TITLES = {
    "generated": "Says it, plain",
    "generated_chat": "Says it, in the chat",
    "es": "Efficacy (ES)",
    "es_chat": "Efficacy, chat",
    "exact": "Exact",
    "gs": "Generalisation (GS)",
    "gs_chat": "Generalisation, chat",
    "portability": "Portability",
    "preference": "Preference",
    "locality_kept": "Locality, kept",
    "locality_kept_chat": "Locality, kept, chat",
    "ls": "Locality, reference (LS)",
    "perplexity": "Perplexity",
    "drift": "Drift",
}
