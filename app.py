"""The web application: ``streamlit run app.py``."""

import streamlit as st

from docstation.web.server import MAIN, MIDDLEWARE, ROUTES, lifespan, on_script_error

app = st.App(MAIN, lifespan=lifespan, routes=ROUTES, middleware=MIDDLEWARE, on_script_error=on_script_error)
