"""Verifies access tokens as a service in Python would, by PyJWT: one line of JSON per token, read from standard input.

usage: verify.py ALGORITHM (--jwks URL | --jwk JWK) --issuer ISSUER
"""
import argparse
import json
import sys

import jwt

parser = argparse.ArgumentParser()
parser.add_argument("algorithm")
parser.add_argument("--jwks")
parser.add_argument("--jwk")
parser.add_argument("--issuer", required=True)
options = parser.parse_args()
keys = jwt.PyJWKClient(options.jwks) if options.jwks else None


def verify(token):
    if jwt.get_unverified_header(token).get("typ") != "at+jwt":
        raise jwt.InvalidTokenError("not an access token")
    key = keys.get_signing_key_from_jwt(token).key if keys else jwt.PyJWK(json.loads(options.jwk)).key
    return jwt.decode(
        token,
        key,
        algorithms=[options.algorithm],
        issuer=options.issuer,
        audience=options.issuer,
        options={"require": ["exp", "iat", "sub"]},
    )


for line in sys.stdin:
    try:
        print(json.dumps({"claims": verify(line.strip())}))
    except (jwt.PyJWTError, ValueError) as error:
        print(json.dumps({"refused": type(error).__name__}))
