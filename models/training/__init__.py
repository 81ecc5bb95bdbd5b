"""How the released network came to be; needs the [train] extra, never the appliance."""
