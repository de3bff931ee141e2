"""What does each shell command do that is more than a few lines? One file each."""
