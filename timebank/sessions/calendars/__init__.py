"""Calendar files (RFC 5545): what others wrote is read, and what we tell them is written."""
