"""The commands; the only package that imports cliff and OSC."""
