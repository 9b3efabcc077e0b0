"""What scanner and patient do to the picture: kernel, slices, noise, a beating heart."""
