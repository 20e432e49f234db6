"""The instances directory: mounts, exports, ownership."""
