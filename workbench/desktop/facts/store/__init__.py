"""The facts behind the tables, without Qt: kept, searched, sorted, compared, copied."""
