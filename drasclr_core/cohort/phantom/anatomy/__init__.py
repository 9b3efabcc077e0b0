"""The healthy chest: body, lungs and lobes, heart, airways, vessels and lung tissue."""
