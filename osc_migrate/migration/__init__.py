"""What happens to a server: started, followed, stopped, verified, repaired."""
