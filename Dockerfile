# Two images from one file: `app` (web, realtime and the one-shot services) and `proxy` (nginx).
# No package index is named here: pip and npm use the settings of the base images.
# compose.yaml passes other images on, for example with a digest (docs/operations.md, Pin the images).
ARG PYTHON_IMAGE=python:3.12-slim
ARG NODE_IMAGE=node:22-slim
ARG NGINX_IMAGE=nginx:1.29

FROM $NODE_IMAGE AS assets
WORKDIR /townhall
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund
COPY frontend/ frontend/
COPY translations/ translations/
RUN npm run build

FROM $PYTHON_IMAGE AS packages
RUN python -m venv --without-pip /opt/venv
COPY requirements.txt .
# Building a wheel would need a compiler, which this image does not have.
RUN --mount=type=cache,target=/root/.cache/pip \
    pip --python /opt/venv install --quiet --only-binary :all: --require-hashes -r requirements.txt
# 40 MB that nothing reads: tests of the packages, and what Babel knows of languages without a translation here.
COPY translations/ translations/
RUN cd /opt/venv/lib/python3*/site-packages \
 && find . -type d -name tests -prune -exec rm -r {} + \
 && find babel/locale-data -name '*.dat' $(printf ' ! -name %s*.dat' root en $(ls /translations)) -delete

FROM $NGINX_IMAGE AS proxy
COPY nginx.conf /etc/nginx/nginx.conf
COPY deploy/nginx/ /etc/nginx/townhall/
COPY static/ /srv/townhall/static/
COPY --from=assets /townhall/static/ /srv/townhall/static/
# Compressed once, so that nginx need not do it for each visitor (`gzip_static`).
RUN find /srv/townhall/static -type f -size +1k \( -name '*.css' -o -name '*.js' -o -name '*.svg' -o -name '*.json' \) \
    -exec gzip --keep --force -9 {} +
# Compose lets every user of this container bind low ports, so port 80 does not need root.
USER nginx
CMD ["/etc/nginx/townhall/adapt"]

FROM $PYTHON_IMAGE AS app
# The volumes of secrets that are mounted here take their owner from these empty folders.
# pip would only help an intruder.
RUN useradd --system --uid 10001 --user-group --no-create-home townhall \
 && install -d -o townhall -g townhall -m 755 /run/townhall /run/mysql /backups \
 && pip uninstall --quiet --yes --root-user-action=ignore pip
COPY --from=packages /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOST=0.0.0.0
WORKDIR /srv/townhall
COPY . .
COPY --from=assets /townhall/static/ static/
RUN python -m compileall -q . && python bin/sbom.py --image > /usr/share/townhall.cdx.json
USER townhall
