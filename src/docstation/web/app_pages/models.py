"""The page is being built."""

import streamlit as st

st.write("models")
