"""The supervised network on whole scans."""
