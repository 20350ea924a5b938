"""The web application: ``streamlit run app.py``."""

import streamlit as st

from docstation.web.server import MAIN, MIDDLEWARE, ROUTES, on_script_error

app = st.App(MAIN, routes=ROUTES, middleware=MIDDLEWARE, on_script_error=on_script_error)
