"""Images by reference: where their files lie on the host and how they start."""
