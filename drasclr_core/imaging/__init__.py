"""Reading scans: any file to an array in HU with its geometry, or a refusal that names the remedy."""
