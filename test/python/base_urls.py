"""What people set as the base URL who move here from somewhere else."""

# With and without the version, a slash, and the vendor's own prefix.
FORMS = ("", "/v1", "/v1/", "/together/v1", "/inference")
# No path of this API, whatever an SDK makes out of it.
WRONG_FORMS = ("/v2", "/v1/chat")
