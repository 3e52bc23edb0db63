"""What belongs together and what it says in short: copies, stories, origins, summaries. No I/O, no await."""
