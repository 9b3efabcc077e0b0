"""3D pictures and pages."""
