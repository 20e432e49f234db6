"""What must hold before a server may move, judged on API facts alone."""
