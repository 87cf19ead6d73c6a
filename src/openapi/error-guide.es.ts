import type { ErrorGuide } from './error-guide.js';

export const guideEs: ErrorGuide = {
  page: {
    title: 'Errores',
    pages: 'Páginas',
    intro:
      'Cada error es un objeto «problem details» (RFC 9457, `application/problem+json`). En los programas, use `code`: no cambia. `title` y `detail` son para personas, en inglés o, si `Accept-Language` lo prefiere, en español. Para informar de un error, envíe su `request_id` al operador.',
    when: 'Cuándo',
    action: 'Qué hacer',
    others: 'Mensajes más precisos',
    language: 'In English',
  },
  groups: {
    any: { title: 'Cualquier petición' },
    registering: { title: 'Registro' },
    login: { title: 'Inicio de sesión' },
    codes: { title: 'Códigos de los correos' },
    secondFactors: { title: 'Segundos factores y llaves de acceso' },
    accessToken: {
      title: 'Tokens de acceso',
      intro: 'De todas las rutas que exigen uno; `token_missing` y `token_malformed` también de `POST /auth/logout`.',
    },
    refreshToken: {
      title: 'Tokens de refresco',
      intro: 'De `POST /auth/refresh`; `refresh_token_invalid` también de `POST /auth/logout`.',
    },
    cookie: {
      title: 'Sesiones con cookie',
      intro:
        'De todas las rutas que aceptan una cookie de sesión, si la petición lleva una y ningún token de acceso. Si la sesión de la cookie ha terminado, el error es `session_revoked`.',
    },
    services: { title: 'Servicios', intro: 'De `POST /oauth/introspect` y `POST /oauth/revoke`.' },
    faults: {
      title: 'Errores de los campos',
      intro:
        'Son los códigos de `errors[]`. Los que empiezan por `password_` acompañan a `password_rejected`; los demás, a `validation_failed`.',
    },
  },
  problems: {
    malformed_request: {
      when: 'El cuerpo no es JSON en UTF-8, contiene un campo dos veces o uno llamado `__proto__`, o tiene más de 32 niveles de anidamiento. O un formulario contiene un parámetro dos veces. O la URL no está bien codificada. O la petición HTTP está mal formada o es ambigua (ningún `Host` o dos; dos `Authorization` o `Content-Type`).',
      action: 'Corrija la petición.',
    },
    validation_failed: {
      when: 'Hay campos del cuerpo o parámetros de la URL que faltan, son desconocidos o no son válidos.',
      action: 'Lea `errors` y corrija esos campos.',
    },
    not_found: {
      when: 'No hay nada en esta URL. Las rutas distinguen mayúsculas de minúsculas, y la barra final cuenta.',
      action: 'Corrija la ruta.',
    },
    method_not_allowed: { when: 'La URL no admite el método.', action: 'Use un método de `Allow`.' },
    request_timeout: {
      when: 'Las cabeceras tardaron más de 10 s o la petición completa más de 30 s.',
      action: 'Envíela de nuevo con una conexión mejor.',
    },
    precondition_failed: {
      when: 'Un archivo de Swagger UI no cumple `If-Match` o `If-Unmodified-Since`.',
      action: 'Omita la condición o descargue el archivo de nuevo.',
    },
    body_too_large: { when: 'El cuerpo supera los 32 KiB.', action: 'Envíe uno más pequeño.' },
    unsupported_media_type: {
      when: 'El cuerpo tiene un tipo de contenido distinto de `application/json` (en `/oauth/…`, `application/x-www-form-urlencoded`) o una codificación distinta de UTF-8.',
      action: 'Envíe `Content-Type: application/json`.',
    },
    range_not_satisfiable: {
      when: '`Range` está fuera de un archivo de Swagger UI.',
      action: 'Pida un rango dentro de la longitud que indica `Content-Range`.',
    },
    too_many_requests: {
      when: 'Se ha agotado uno de los límites de peticiones; `RateLimit-Policy` indica cuál.',
      action: 'Inténtelo de nuevo después del tiempo que indica `Retry-After`.',
    },
    headers_too_large: {
      when: 'La línea de petición y las cabeceras superan los 16 KiB, o hay más de 100 líneas de cabecera.',
      action: 'Envíe menos cabeceras o más cortas.',
    },
    internal_error: { when: 'El servidor falló.', action: 'Comunique el `request_id` al operador.' },
    unavailable: {
      when: 'No se puede acceder a la base de datos, o tarda demasiado. O no se puede comprobar si una contraseña nueva aparece en filtraciones, y `PASSWORD_BREACH_ON_ERROR` es `refuse`.',
      action: 'Inténtelo de nuevo después del tiempo que indica `Retry-After`.',
    },
    registration_closed: {
      when: 'El servicio no admite registros (`REGISTRATION=closed`).',
      action: 'Pida una cuenta al operador.',
    },
    username_taken: {
      when: 'Otra cuenta tiene el nombre de usuario, quizá con otras mayúsculas u otra forma Unicode.',
      action: 'Elija otro o inicie sesión.',
    },
    email_taken: {
      when: 'Otra cuenta tiene el correo electrónico, quizá con otras mayúsculas u otra forma Unicode.',
      action: 'Use otro o inicie sesión.',
    },
    password_rejected: {
      when: 'La contraseña no cumple la política de contraseñas; `errors` indica el motivo.',
      action: 'Elija otra.',
    },
    wrong_password: {
      when: 'La contraseña actual, que esta petición exige, es incorrecta.',
      action: 'Pregunte de nuevo al usuario.',
    },
    too_many_attempts: {
      when: 'Ha habido demasiadas contraseñas incorrectas seguidas para este nombre, desde cualquier cliente. Hasta que termine la espera, solo se comprueban contraseñas de dispositivos conocidos, que envían una cookie. Los nombres desconocidos reciben la misma respuesta.',
      action: 'Inténtelo de nuevo después del tiempo que indica `Retry-After`.',
    },
    busy: {
      when: 'Hay demasiadas contraseñas pendientes de comprobar.',
      action: 'Inténtelo de nuevo después del tiempo que indica `Retry-After`.',
    },
    invalid_credentials: {
      when: 'Ningún usuario tiene este nombre y esta contraseña. La respuesta es la misma con un nombre desconocido y con una contraseña incorrecta.',
      action: 'Pregunte de nuevo al usuario.',
    },
    email_not_verified: {
      when: 'La contraseña es correcta, pero el servicio exige una dirección verificada (`REQUIRE_VERIFIED_EMAIL`). Se envía un correo nuevo, como máximo uno por minuto.',
      action: 'Pida al usuario que abra el correo y confirme la dirección.',
    },
    second_factor_required: {
      when: 'El primer factor es correcto y el usuario tiene un segundo. `mfa_token` sirve una vez, durante 5 minutos y 5 intentos; `methods` enumera los factores.',
      action: 'Pida un factor de `methods` y envíelo con `mfa_token` a `POST /auth/second-factor`.',
    },
    enrolment_required: {
      when: 'El primer factor es correcto, el servicio exige un segundo (`MFA=required`) y el usuario no tiene ninguno. `mfa_token` sirve durante 5 minutos, y solo para configurar uno.',
      action:
        'Permita que el usuario configure una aplicación de autenticación o una llave de acceso con `POST /auth/enrolment/…`.',
    },
    mfa_token_invalid: {
      when: 'El `mfa_token` es desconocido, ya se usó, ha caducado o tuvo cinco intentos fallidos, o las credenciales del usuario han cambiado desde entonces.',
      action: 'Comience de nuevo por el inicio de sesión.',
    },
    second_factor_invalid: {
      when: 'El código es incorrecto, ya se usó o es demasiado antiguo, el código de recuperación no existe o la llave de acceso no fue aceptada.',
      action:
        'Pregunte de nuevo al usuario. Cada código de una aplicación de autenticación sirve una vez: espere al siguiente.',
    },
    totp_exists: {
      when: 'El usuario tiene una aplicación de autenticación.',
      action: 'Elimínela primero con `DELETE /users/me/totp`.',
    },
    no_second_factor: {
      when: 'Los códigos de recuperación sustituyen a un segundo factor y el usuario no tiene ninguno.',
      action: 'Configure primero una aplicación de autenticación o una llave de acceso.',
    },
    passkey_invalid: {
      when: 'La respuesta del autenticador está mal formada o no es auténtica, pertenece a otro origen o RP ID, carece de verificación del usuario, o su desafío no es de este servicio, ya se usó o ha caducado. Estado 400 al añadir una llave de acceso, 401 al usarla.',
      action:
        'Solicite opciones nuevas e inténtelo de nuevo. Si el error persiste, revise `WEBAUTHN_RP_ID` y `WEBAUTHN_ORIGINS`.',
    },
    too_many_passkeys: { when: 'El usuario tiene 20 llaves de acceso.', action: 'Pida al usuario que elimine una.' },
    insufficient_user_authentication: {
      when: 'La ruta exige una autenticación de hace como máximo `max_age` segundos, o con el método de `acr_values` (RFC 9470); el desafío indica cuál. `acr_values="mfa"` significa que `amr` debe contener `mfa`.',
      action: 'Autentíquese con `POST /auth/step-up` y envíe la petición de nuevo con el token o la cookie nuevos.',
    },
    code_invalid: {
      when: 'El token o el código de un correo es incorrecto, ya se usó o fue reemplazado por un correo más reciente. Después de cinco códigos incorrectos también se rechaza el correcto.',
      action: 'Solicite un correo nuevo.',
    },
    code_expired: {
      when: 'El token o el código era correcto, pero llegó tarde: después de 10 minutos para una contraseña nueva o un inicio de sesión, de 24 horas para una dirección, de 72 horas para deshacer un cambio.',
      action: 'Solicite un correo nuevo.',
    },
    token_missing: {
      when: 'La petición no tiene `Authorization: Bearer …` ni una cookie de sesión.',
      action: 'Envíe un token o la cookie, o inicie sesión.',
    },
    token_malformed: {
      when: 'El token no es un token de acceso auténtico de este servicio: su formato, firma, clave, algoritmo, tipo, emisor o audiencia es incorrecto. Un token de refresco enviado como token de acceso también recibe este error.',
      action: 'Inicie sesión. Si el error persiste, compruebe si ha cambiado `PUBLIC_URL` o `JWT_AUDIENCE`.',
    },
    token_expired: { when: 'El token ha caducado.', action: 'Renuévelo y envíe la petición de nuevo.' },
    token_revoked: {
      when: 'La sesión del token ha terminado, por ejemplo porque se cerró o porque se reutilizó un token de refresco.',
      action: 'Inicie sesión.',
    },
    refresh_token_invalid: {
      when: 'El token falta o no es un token de refresco auténtico de este servicio.',
      action: 'Inicie sesión.',
    },
    refresh_token_expired: { when: 'El token o su sesión ha caducado.', action: 'Inicie sesión.' },
    refresh_token_reused: {
      when: 'El token ya se había usado, hace más de `REFRESH_GRACE`. Es posible que lo hayan robado, por lo que se cerró la sesión.',
      action: 'Inicie sesión. Si ocurre a menudo, busque dos partes del cliente que renueven por separado.',
    },
    session_revoked: {
      when: 'La sesión ha terminado: su usuario la cerró, su usuario o un operador la finalizó, se cambió la contraseña, el usuario tenía demasiadas sesiones o se reutilizó un token de refresco.',
      action: 'Inicie sesión.',
    },
    csrf_failed: {
      when: 'Una petición con cookie de sesión y un método distinto de `GET`, `HEAD` u `OPTIONS` no llevaba el `X-CSRF-Token` de esta sesión, o procedía de una página de otro sitio. Un inicio de sesión con `transport: cookie` desde una página de otro sitio también recibe este error.',
      action:
        'Obtenga el token de esta sesión con `GET /auth/csrf` y envíelo desde una página de este servicio o de un origen de `CORS_ORIGINS`.',
    },
    cookie_required: {
      when: 'De `POST /auth/token`, y de `POST /auth/step-up` en una sesión con cookie: la petición lleva un token de acceso en lugar de la cookie de sesión.',
      action: 'Envíe la cookie. Con un token de refresco, use `POST /auth/refresh`.',
    },
    session_invalid: {
      when: 'La cookie no es una cookie de sesión auténtica de este servicio, o la petición contiene más de una.',
      action: 'Inicie sesión.',
    },
    session_expired: {
      when: 'La sesión no se usó durante `SESSION_IDLE_TTL` o ha alcanzado `SESSION_TTL`.',
      action: 'Inicie sesión.',
    },
    session_not_found: {
      when: 'De `DELETE /auth/sessions/{id}`: el usuario no tiene ninguna sesión con este id. Puede ser de otro usuario o haber terminado hace más de un día.',
      action: 'Consulte `GET /auth/sessions`.',
    },
    invalid_client: {
      when: 'La petición no tiene autenticación HTTP Basic, o su cliente es desconocido, tiene otro secreto o fue revocado.',
      action: 'Envíe el `client_id` y el `client_secret` que mostró `portero clients create`.',
    },
  },
  faults: {
    required: 'Falta el campo.',
    unknown_member: 'El campo es desconocido.',
    not_a_string: 'El campo es `null`, un número u otra cosa que no es una cadena.',
    not_an_object: 'El cuerpo no es un objeto JSON. En ese caso, el puntero está vacío.',
    invalid_text: 'La cadena contiene NUL o un sustituto suelto (surrogate).',
    not_a_boolean: 'El campo no es `true` ni `false`.',
    empty: 'La cadena está vacía.',
    not_a_credential:
      '`credential` o `passkey` no es la forma JSON de un `PublicKeyCredential`, o su base64url está mal formado.',
    passkey_name_invalid: 'El nombre de una llave de acceso es demasiado largo o contiene caracteres no permitidos.',
    transport_unknown: '`transport` no es `bearer` ni `cookie`.',
    language_unknown: '`language` no es `en` ni `es`.',
    two_tokens:
      'Una petición a `POST /auth/refresh` lleva un token en el cuerpo y otro distinto en la cabecera `Authorization`.',
    keep_unknown: 'El parámetro `keep` de `DELETE /auth/sessions` no es `current`.',
    event_type_unknown: 'No existe ningún evento de este tipo.',
    not_an_id: 'El valor no es un id (un UUID).',
    limit_out_of_range: 'El valor no es un número entero de 1 a 100.',
    username_invalid:
      'El nombre de usuario no tiene de 1 a 64 caracteres, o contiene caracteres de control, espacios repetidos, espacios en los extremos u otros caracteres en blanco. O contiene `@` y no coincide con el correo electrónico de la petición.',
    email_invalid: 'El valor no es una dirección de correo electrónico.',
    password_too_short: 'La contraseña tiene menos caracteres que `PASSWORD_MIN_LENGTH`.',
    password_too_long: 'La contraseña tiene más de 256 caracteres.',
    password_common: 'La contraseña está en la lista de contraseñas comunes, con cualquier combinación de mayúsculas.',
    password_contains_name:
      'La contraseña es el nombre de usuario, el correo electrónico o la parte de este anterior a `@`, rodeados solo de cifras, puntuación y espacios. Los nombres de menos de 4 caracteres solo cuentan si son la contraseña entera.',
    password_contains_service_name:
      'La contraseña es `portero` o la primera etiqueta del host de `PUBLIC_URL`, con la misma regla que para los nombres del usuario.',
    password_breached: 'La contraseña aparece en una filtración de datos conocida (`PASSWORD_BREACH_CHECK`).',
  },
};
