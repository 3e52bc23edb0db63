"""How the tables came to be, one file for each change; a file that was released is never edited."""
