"""How an edited model leaves: the change alone, a LoRA adapter, a report; and how a change is put on its base."""
