#!/bin/sh
# Makes the certificates of one cluster with openssl (1.1.1 or newer):
#
#   make-certificates.sh FOLDER CLUSTER HOST...
#
# An authority of the cluster's own, one certificate for the coordinator, and one for each HOST that an agent runs on.
# HOST is written as in the topology: a name, or an IP address. Run it again with more hosts to add them: what is
# there already is kept. Keep ca.key off the hosts; they need ca.pem and their own two files.
set -eu

if [ $# -lt 2 ]; then
  echo "usage: $0 FOLDER CLUSTER HOST..." >&2
  exit 2
fi
folder=$1
cluster=$2
shift 2
# Keys are for this user alone.
umask 077
mkdir -p "$folder"
cd "$folder"

new_key() { # FILE
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"
}

sign() { # NAME SUBJECT_ALT_NAME
  [ -e "$1.pem" ] && return
  new_key "$1.key"
  openssl req -new -key "$1.key" -subj "/CN=$1" -out "$1.csr"
  printf 'subjectAltName = %s\nextendedKeyUsage = serverAuth, clientAuth\n' "$2" >"$1.ext"
  openssl x509 -req -sha256 -days 825 -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -extfile "$1.ext" -out "$1.pem"
  rm "$1.csr" "$1.ext"
}

if [ ! -e ca.pem ]; then
  new_key ca.key
  openssl req -x509 -sha256 -days 3650 -key ca.key -subj "/CN=Tidemark CA of $cluster" -out ca.pem
fi
sign coordinator "DNS:coordinator"
for host in "$@"; do
  case $host in
    *:*) sign "$host" "IP:$host" ;;
    *[!0-9.]*) sign "$host" "DNS:$host" ;;
    *) sign "$host" "IP:$host" ;;
  esac
done
# Certificates are no secret.
chmod 644 ./*.pem
