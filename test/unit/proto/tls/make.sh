#!/bin/sh
# Makes every certificate of this folder anew, with an authority whose key is thrown away.
# Needs openssl; the tests need only what is stored here.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
now=20200101000000Z
far=21240101000000Z

config() { # EXTENSIONS
  : >"$work/index"
  printf '%s\n' '[ca]' 'default_ca = it' '[it]' "new_certs_dir = $work" "database = $work/index" 'rand_serial = yes' \
    'default_md = sha256' 'policy = any' 'x509_extensions = ext' '[any]' 'commonName = supplied' '[ext]' "$@" >"$work/ca.cnf"
}

request() { # SUBJECT NAME KEY
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$3" -out "$work/$2.csr" \
    2>/dev/null
}

authority() { # NAME
  request "Tidemark test $1" "$1" "$work/$1.key"
  config 'basicConstraints = critical, CA:TRUE' 'subjectKeyIdentifier = hash'
  openssl ca -batch -notext -selfsign -config "$work/ca.cnf" -keyfile "$work/$1.key" -startdate "$now" -enddate "$far" \
    -in "$work/$1.csr" -out "$1.crt" 2>/dev/null
}

signed() { # AUTHORITY NAME SUBJECT_ALT_NAME START END [EXTENDED_KEY_USAGE]
  request "$2" "$2" "$2.key"
  config "subjectAltName = $3" ${6:+"extendedKeyUsage = $6"}
  openssl ca -batch -notext -config "$work/ca.cnf" -cert "$1.crt" -keyfile "$work/$1.key" -startdate "$4" -enddate "$5" \
    -in "$work/$2.csr" -out "$2.crt" 2>/dev/null
}

here='DNS:localhost,IP:127.0.0.1'
authority authority
authority other-authority
signed authority agent "$here" $now $far
signed authority coordinator "$here" $now $far
signed other-authority stranger "$here" $now $far
signed authority expired "$here" $now 20200102000000Z
signed authority future "$here" 20900101000000Z $far
signed authority elsewhere 'DNS:db99.internal' $now $far
signed authority clients-only "$here" $now $far clientAuth
signed authority servers-only "$here" $now $far serverAuth
openssl pkey -in coordinator.key -aes256 -passout pass:secret -out passphrase.key
