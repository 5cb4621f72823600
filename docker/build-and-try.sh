#!/usr/bin/env bash
# Builds the image of docker/Dockerfile and tries it, on a machine that cannot pull base images.
#
# The base is made here: Debian from debootstrap, and the Node of this repository's development packages. The image is
# then run as a container runtime would run it: user 10001, read-only root, no capabilities, a network of its own.
# Checked: the image's own health check, requests through the demo in plain HTTP and TLS, ports 80 and 443 without
# root, no core dumps, the bill of materials, and a clean end on SIGTERM.
#
# Needs root, buildah, debootstrap, curl and util-linux; with runc a real container under docker/seccomp.json is tried
# as well. Installs node_modules if they are missing. Leaves nothing behind. KEEP_BASE=DIRECTORY
# keeps the Debian base there for the next run; MIRROR=URL says where Debian comes from.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

suite=${SUITE:-bookworm}
image=localhost/lyncgate:try
base_image=localhost/lyncgate-base:try

for program in buildah debootstrap curl unshare nsenter setpriv ip node npm; do
  command -v "$program" >/dev/null || { echo "missing: $program" >&2; exit 2; }
done
((EUID == 0)) || { echo 'run this as root' >&2; exit 2; }

work=$(mktemp -d /tmp/lyncgate-try-XXXXXX)
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
run_buildah() { buildah --root "$work/storage" --runroot "$work/run" "$@"; }
container_pid=''

stop_container() {
  [[ -n $container_pid ]] || return 0
  kill -KILL "$container_pid" 2>/dev/null || true
  wait "$container_pid" 2>/dev/null || true
  container_pid=''
}
clean_up() {
  stop_container
  [[ ! -e $work/runc ]] || runc --root "$work/runc" delete --force lyncgate-try 2>/dev/null || true
  run_buildah umount --all >/dev/null 2>&1 || true
  run_buildah rm --all >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap clean_up EXIT
say() { printf '\n== %s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*" >&2; tail -n 20 "$work"/*.log >&2; exit 1; }

# ---- the base ----

npm run --silent install:missing
base=${KEEP_BASE:-$work/base}
if [[ ! -e $base/etc/debian_version ]]; then
  say "Debian $suite"
  mkdir -p "$base"
  debootstrap --variant=minbase --include=ca-certificates,libstdc++6,libatomic1 \
    "$suite" "$base" ${MIRROR:+"$MIRROR"} >"$work/debootstrap.log" 2>&1 || fail debootstrap
  rm -rf "$base"/var/cache/apt/archives/*.deb "$base"/var/lib/apt/lists/*
fi
if [[ ! -e $base/usr/local/bin/npm ]]; then
  install -D -m 755 node_modules/node/bin/node "$base/usr/local/bin/node"
  npm install --silent --no-audit --no-fund --global --prefix "$base/usr/local" npm@11
fi
# Machines behind an inspecting proxy trust more authorities than a fresh Debian does.
[[ ! -e /etc/ssl/certs/ca-certificates.crt ]] ||
  cp -L /etc/ssl/certs/ca-certificates.crt "$base/etc/ssl/certs/ca-certificates.crt"

say 'base image'
container=$(run_buildah from scratch)
run_buildah add -q "$container" "$base" / >/dev/null
run_buildah config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  --env NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt "$container"
run_buildah commit -q "$container" "$base_image" >/dev/null
run_buildah rm "$container" >/dev/null

# ---- the image ----

say 'image'
run_buildah build --pull-never --format docker --layers=false \
  --build-arg BASE="$base_image" --build-arg REVISION="$(git rev-parse --short HEAD 2>/dev/null || echo unknown)" \
  -f docker/Dockerfile -t "$image" . >"$work/build.log" 2>&1 || fail 'buildah build'
container=$(run_buildah from --pull-never "$image")
root=$(run_buildah mount "$container")

# What the image says about itself.
setting() {
  run_buildah inspect --type image "$image" |
    node -e 'const { Docker: { config } } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
      const keys = process.argv[1].split(/(?<!\\)\./).map((key) => key.replace("\\.", "."));
      const value = keys.reduce((at, key) => at?.[key], config);
      console.log(Array.isArray(value) ? value.join("\n") : value)' "$1"
}
user=$(setting User)
mapfile -t entrypoint < <(setting Entrypoint)
mapfile -t health_check < <(setting Healthcheck.Test | tail -n +2)
mapfile -t environment < <(setting Env)
[[ $user == 10001:10001 ]] || fail "the image runs as $user"
[[ ${#health_check[@]} -gt 0 ]] || fail 'the image has no health check'
[[ ! -e $root/opt/lyncgate/node_modules/typescript ]] || fail 'development packages are in the image'
[[ ! -e $root/usr/local/bin/npm ]] || fail 'npm is in the image'
[[ -z $(find "$root" -xdev -type f -perm /6000) ]] || fail 'programs that change the user are in the image'
[[ $(setting 'Labels.lyncgate\.sbom') == /opt/lyncgate/sbom.cdx.json ]] || fail 'the label of the bill of materials'
# Each package that is in the image stands in the bill of materials, and so does the Node that runs it.
node_modules/node/bin/node -e 'const { globSync, readFileSync } = require("node:fs")
  const [, root, node] = process.argv
  const read = (path) => JSON.parse(readFileSync(`${root}/opt/lyncgate/${path}`, "utf8"))
  const refs = new Set(read("sbom.cdx.json").components.map((each) => each["bom-ref"]))
  const there = globSync("node_modules/**/package.json", { cwd: `${root}/opt/lyncgate` })
    .filter((path) => /(^|\/)node_modules\/(@[^/]+\/)?[^/]+\/package\.json$/.test(path))
    .map((path) => { const { name, version } = read(path); return `${name}@${version}` })
  const missing = [...there, `node@${node}`].filter((ref) => !refs.has(ref))
  console.log(`bill of materials: ${refs.size} components`)
  if (there.length < 20 || missing.length > 0) { console.error("not in it:", missing); process.exit(1) }
' "$root" "$("$root/usr/local/bin/node" --version | tr -d v)" || fail 'the bill of materials'
du -sh "$root/opt/lyncgate" | cut -f1 | xargs echo 'lyncgate and its packages:'

# ---- a container ----

# start NAME ARGUMENTS...: runs the image's entrypoint. /tmp is the only place that can be written.
start() {
  local name=$1
  shift
  unshare --mount --net --pid --fork --kill-child bash -euc '
    root=$1 user=$2 config=$3; shift 3
    ip link set lo up
    echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start # what container runtimes do
    mount --bind "$root" "$root"
    mount -t proc proc "$root/proc"
    mount --bind /dev "$root/dev"
    [[ -z $config ]] || { mount --bind "$config" "$root/etc/lyncgate"; mount -o remount,bind,ro "$root/etc/lyncgate"; }
    mount -o remount,bind,ro "$root"
    mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
    exec chroot "$root" setpriv --reuid "${user%:*}" --regid "${user#*:}" --clear-groups \
      --bounding-set=-all --inh-caps=-all --no-new-privs -- env -i "$@"
  ' bash "$root" "$user" "${config_directory:-}" "${environment[@]}" "${entrypoint[@]}" "$@" \
    >"$work/$name.log" 2>&1 &
  container_pid=$!
}
# process_of_container: its process 1, seen from here.
process_of_container() { pgrep -P "$container_pid" | head -n 1; }
inside() { nsenter --target "$(process_of_container)" --net -- "$@"; }
# The health check as a runtime does it: inside, as the image's user, with the image's environment.
is_healthy() {
  nsenter --target "$(process_of_container)" --net --pid --mount --root -- \
    setpriv --reuid "${user%:*}" --regid "${user#*:}" --clear-groups -- env -i "${environment[@]}" "${health_check[@]}"
}
wait_healthy() {
  for _ in $(seq 60); do
    kill -0 "$container_pid" 2>/dev/null || fail 'the container ended'
    is_healthy 2>/dev/null && return 0
    sleep 0.5
  done
  fail 'the container never became healthy'
}

say 'demo, read-only, as 10001'
start demo demo
wait_healthy
[[ $(stat -c %u "/proc/$(process_of_container)") == 10001 ]] || fail 'the process is not user 10001'
grep -q '^Max core file size *0 *0 ' "/proc/$(process_of_container)/limits" || fail 'core dumps are possible'
inside curl -sS --max-time 10 -H 'Host: lyncdiscover.contoso.com' \
  'http://127.0.0.1:8080/?sipuri=alice@contoso.com' | grep -qi AccessLocation || fail 'autodiscover over HTTP'
ca=$(echo "/proc/$(process_of_container)/root/tmp"/lyncgate-demo-*/root.pem)
inside curl -sS --max-time 10 --cacert "$ca" --resolve meet.contoso.com:8443:127.0.0.1 -o /dev/null -w 'meet: %{http_code}\n' \
  https://meet.contoso.com:8443/alice/7322994 | tee "$work/meet.log"
grep -q 'meet: 200' "$work/meet.log" || fail 'a meeting over TLS'
kill -TERM "$(process_of_container)"
wait "$container_pid" || fail "the demo ended with $?"
container_pid=''

say 'a rules file on ports 80 and 443'
config_directory=$work/config
mkdir -p "$config_directory" "$root/etc/lyncgate"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=lyncweb.contoso.com \
  -addext subjectAltName=DNS:lyncweb.contoso.com \
  -keyout "$config_directory/public.key" -out "$config_directory/public.pem" 2>/dev/null
cat >"$config_directory/lyncgate.yaml" <<'RULES'
version: 1
listeners: [{ name: internet, http: 80, https: 443 }]
certificates: [{ cert: public.pem, key: public.key }]
pools: { nowhere: { product: skype-se, servers: [127.0.0.1] } }
rules: [{ name: Web services, publish: web-services, hosts: [lyncweb.contoso.com], pool: nowhere }]
timeouts: { unready: 0s, drain: 2s }
health: { port: 8081 }
RULES
chown -R 10001:10001 "$config_directory"
mapfile -t command < <(setting Cmd)
start run "${command[@]}"
wait_healthy
status() { inside curl -sS --max-time 10 -o /dev/null -w '%{http_code}' "$@"; }
for _ in $(seq 60); do
  [[ $(status http://127.0.0.1:8081/readyz) == 200 ]] && break
  sleep 0.5
done
[[ $(status http://127.0.0.1:8081/readyz) == 200 ]] || fail readyz
[[ $(pgrep -c -P "$(process_of_container)") -ge 1 ]] || fail 'no worker processes'
[[ $(status http://127.0.0.1/) == 421 ]] || fail 'a name that is not published: 421'
[[ $(status -k --resolve lyncweb.contoso.com:443:127.0.0.1 https://lyncweb.contoso.com/) == 503 ]] ||
  fail 'a server that is not there: 503'
kill -TERM "$(process_of_container)"
wait "$container_pid" || fail "the proxy ended with $?"
container_pid=''
grep -q '"msg":"stopped"' "$work/run.log" || fail 'the proxy did not stop in good order'

if command -v runc >/dev/null; then
  say 'the same under runc, with docker/seccomp.json'
  bundle=$work/bundle
  mkdir -p "$bundle"
  node_modules/node/bin/node - "$root" "$config_directory" "$user" "${environment[@]}" -- "${entrypoint[@]}" "${command[@]}" \
    >"$bundle/config.json" <<'BUNDLE'
const { readFileSync } = require('node:fs')
const [root, rules, user, ...words] = process.argv.slice(2)
const [uid, gid] = user.split(':').map(Number)
const at = words.indexOf('--')
console.log(JSON.stringify({
  ociVersion: '1.0.2',
  root: { path: root, readonly: true },
  process: {
    args: words.slice(at + 1), env: words.slice(0, at), cwd: '/', user: { uid, gid }, noNewPrivileges: true, capabilities: {},
  },
  mounts: [
    { destination: '/proc', type: 'proc', source: 'proc' },
    { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755'] },
    { destination: '/etc/lyncgate', type: 'bind', source: rules, options: ['rbind', 'ro'] },
  ],
  linux: {
    namespaces: ['pid', 'network', 'mount', 'ipc', 'uts'].map((type) => ({ type })),
    sysctl: { 'net.ipv4.ip_unprivileged_port_start': '0' },
    seccomp: JSON.parse(readFileSync('docker/seccomp.json', 'utf8')),
  },
}))
BUNDLE
  contained() { runc --root "$work/runc" "$@"; }
  contained run --bundle "$bundle" lyncgate-try >"$work/runc.log" 2>&1 &
  container_pid=$!
  for _ in $(seq 60); do
    kill -0 "$container_pid" 2>/dev/null || fail 'the container ended'
    grep -q '"msg":"ready"' "$work/runc.log" && break
    sleep 0.5
  done
  main=$(contained state lyncgate-try | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p')
  grep -qx 'Seccomp:.2' "/proc/$main/status" || fail 'no filter of system calls'
  contained exec lyncgate-try "${health_check[@]}" || fail 'the health check under runc'
  [[ $(nsenter --target "$main" --net -- curl -sSk --max-time 10 -o /dev/null -w '%{http_code}' \
    --resolve lyncweb.contoso.com:443:127.0.0.1 https://lyncweb.contoso.com/) == 503 ]] || fail 'a request under runc'
  contained kill lyncgate-try TERM
  wait "$container_pid" || fail "under runc it ended with $?"
  container_pid=''
  grep -q '"msg":"stopped"' "$work/runc.log" || fail 'under runc it did not stop in good order'
fi

say 'all is well'
