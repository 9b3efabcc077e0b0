"""What the location does to an encoder."""

from drasclr_core.represent.conditioning.kernels import kernel_change, routing_weights

__all__ = ["kernel_change", "routing_weights"]
