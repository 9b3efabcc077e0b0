# Everything in one image: the environment, the book of the committed run on port 8000, and all commands of the Makefile.
#
#   docker build -t drasclr-book . && docker run -p 8000:8000 drasclr-book
#   docker run -v "$PWD/runs:/home/reader/book/runs" drasclr-book make book
#
# For hubs that take repo2docker (Binder, JupyterHub) there is binder/ instead.
FROM python:3.12-slim
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends git g++ libegl1 libgl1 libgl1-mesa-dri make \
 && rm -rf /var/lib/apt/lists/*
RUN useradd --create-home --uid 1000 reader
USER reader
WORKDIR /home/reader/book
# The same versions without 2 GB for a GPU.
ENV PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu PIP_NO_CACHE_DIR=1
COPY --chown=reader requirements.lock pyproject.toml Makefile README.md LICENSE ./
COPY --chown=reader drasclr_core drasclr_core
RUN make env
COPY --chown=reader . .
RUN make read
EXPOSE 8000
CMD ["sh", "-c", ".venv/bin/python -m http.server --directory runs/shown/book/html 8000"]
