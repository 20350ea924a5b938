"""Chat templates for checkpoints whose own is defective, one file each, in Jinja as vLLM renders them."""
