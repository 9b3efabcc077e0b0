"""Who is simulated: the person and how ill, before there is an image."""
