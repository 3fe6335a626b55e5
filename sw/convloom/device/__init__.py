"""Devices: each takes jobs as packets and answers with packets, behind the transport of `transport.py`."""
