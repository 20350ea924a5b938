"""The Streamlit application: pages over the client of the service, and nothing else."""
