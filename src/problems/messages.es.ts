import type { Messages } from './messages.en.js';

export const es: Messages = {
  problems: {
    validation_failed: {
      title: 'La petición no es válida',
      detail: 'Uno o más campos faltan, son desconocidos o no son válidos. Consulte «errors».',
    },
    malformed_request: {
      title: 'No se pudo leer la petición',
      detail: 'La petición debe ser HTTP/1.1 válido, y su cuerpo un objeto JSON en UTF-8.',
    },
    not_found: { title: 'No encontrado', detail: 'No hay nada en esta URL.' },
    method_not_allowed: {
      title: 'Método no permitido',
      detail: 'Esta URL no admite el método. Consulte la cabecera Allow.',
    },
    request_timeout: {
      title: 'La petición tardó demasiado',
      detail: 'La petición no llegó completa a tiempo. Envíela de nuevo.',
    },
    precondition_failed: {
      title: 'No se cumple una condición previa',
      detail: 'El recurso no cumple una condición de la petición, como If-Match.',
    },
    body_too_large: { title: 'El cuerpo es demasiado grande', detail: 'El cuerpo no debe superar los 32 KiB.' },
    unsupported_media_type: {
      title: 'Tipo de contenido no admitido',
      detail: 'Envíe el cuerpo como Content-Type: application/json.',
    },
    range_not_satisfiable: {
      title: 'Rango no disponible',
      detail: 'El recurso no tiene ninguno de los rangos de la cabecera Range. Consulte su longitud en Content-Range.',
    },
    too_many_requests: {
      title: 'Demasiadas peticiones',
      detail: 'Ha habido demasiadas peticiones de este tipo. Inténtelo de nuevo dentro de {seconds} s.',
    },
    headers_too_large: {
      title: 'Las cabeceras son demasiado grandes',
      detail: 'La línea de petición y las cabeceras no deben superar los 16 KiB ni las 100 líneas de cabecera.',
    },
    internal_error: {
      title: 'Algo salió mal',
      detail: 'El servidor falló y registró el error. Comunique el request_id al operador del servicio.',
    },
    unavailable: {
      title: 'El servicio no está disponible',
      detail: 'El servicio no puede atender la petición en este momento. Inténtelo de nuevo dentro de {seconds} s.',
    },
    code_invalid: {
      title: 'El código no es válido',
      detail: 'El código es incorrecto, o ya se usó o se reemplazó. Solicite uno nuevo.',
    },
    code_expired: { title: 'El código ha caducado', detail: 'El código es demasiado antiguo. Solicite uno nuevo.' },
    email_not_verified: {
      title: 'La dirección no está verificada',
      detail: 'Abra el correo enviado a su dirección y confírmela. Después inicie sesión de nuevo.',
    },
    second_factor_required: {
      title: 'Se requiere un segundo factor',
      detail: 'El primer paso es correcto. Envíe mfa_token y un segundo factor a POST /auth/second-factor.',
    },
    enrolment_required: {
      title: 'Debe configurarse un segundo factor',
      detail: 'Este servicio exige un segundo factor. Envíe mfa_token a POST /auth/enrolment/totp para configurarlo.',
    },
    mfa_token_invalid: {
      title: 'El inicio de sesión debe comenzar de nuevo',
      detail:
        'El mfa_token es desconocido, ya se usó o ha caducado, o hubo demasiados intentos fallidos. Inicie sesión de nuevo.',
    },
    second_factor_invalid: {
      title: 'El segundo factor es incorrecto',
      detail: 'El código es incorrecto o ya se usó, o la llave de acceso no fue aceptada.',
    },
    totp_exists: {
      title: 'Ya hay una aplicación de autenticación',
      detail: 'Este usuario ya tiene una aplicación de autenticación. Elimínela primero.',
    },
    no_second_factor: {
      title: 'No hay un segundo factor',
      detail: 'Configure primero una aplicación de autenticación o una llave de acceso.',
    },
    passkey_invalid: {
      title: 'La llave de acceso no fue aceptada',
      detail:
        'La respuesta de la llave de acceso no es válida para este servicio, o su desafío ya se usó o ha caducado.',
    },
    too_many_passkeys: {
      title: 'Demasiadas llaves de acceso',
      detail: 'Un usuario puede tener 20 llaves de acceso. Elimine una primero.',
    },
    insufficient_user_authentication: {
      title: 'Se requiere una autenticación reciente',
      detail: 'Autentíquese con POST /auth/step-up y envíe la petición de nuevo.',
    },
    registration_closed: {
      title: 'El registro está cerrado',
      detail: 'Este servicio no admite registros. Solicite una cuenta a su operador.',
    },
    username_taken: {
      title: 'El nombre de usuario ya está en uso',
      detail: 'Ya existe una cuenta con este nombre de usuario. Elija otro o inicie sesión.',
    },
    email_taken: {
      title: 'El correo electrónico ya está en uso',
      detail: 'Ya existe una cuenta con este correo electrónico. Use otro o inicie sesión.',
    },
    password_rejected: {
      title: 'La contraseña fue rechazada',
      detail: 'Elija otra contraseña. «errors» indica por qué se rechazó esta.',
    },
    busy: {
      title: 'El servicio está ocupado',
      detail: 'Se están comprobando demasiadas contraseñas. Inténtelo de nuevo dentro de {seconds} s.',
    },
    too_many_attempts: {
      title: 'Demasiados intentos',
      detail:
        'Ha habido demasiados intentos fallidos con este nombre. Inténtelo de nuevo dentro de {seconds} s; hasta entonces no se comprueba ninguna contraseña.',
    },
    wrong_password: {
      title: 'La contraseña es incorrecta',
      detail: 'La contraseña actual es incorrecta.',
    },
    invalid_credentials: {
      title: 'Nombre, correo o contraseña incorrectos',
      detail: 'El nombre de usuario, el correo electrónico o la contraseña son incorrectos.',
    },
    token_missing: {
      title: 'Falta el token de acceso',
      detail: 'Envíe un token de acceso como Authorization: Bearer <token>, o una cookie de sesión.',
    },
    token_malformed: {
      title: 'El token de acceso no es válido',
      detail: 'El token de acceso está mal formado o no es auténtico.',
    },
    token_expired: {
      title: 'El token de acceso ha caducado',
      detail: 'El token de acceso ha caducado. Obtenga otro con el token de refresco.',
    },
    token_revoked: {
      title: 'El token de acceso fue revocado',
      detail: 'La sesión de este token de acceso ha terminado. Inicie sesión de nuevo.',
    },
    refresh_token_invalid: {
      title: 'El token de refresco no es válido',
      detail: 'El token de refresco falta, está mal formado o no es auténtico.',
    },
    refresh_token_expired: {
      title: 'El token de refresco ha caducado',
      detail: 'El token de refresco ha caducado. Inicie sesión de nuevo.',
    },
    refresh_token_reused: {
      title: 'El token de refresco ya se había usado',
      detail: 'El token de refresco ya se había usado, por lo que se ha cerrado su sesión. Inicie sesión de nuevo.',
    },
    csrf_failed: {
      title: 'La petición podría proceder de otro sitio',
      detail: 'Envíe el csrf_token de esta sesión como X-CSRF-Token. GET /auth/csrf lo devuelve.',
    },
    cookie_required: {
      title: 'Se requiere una cookie de sesión',
      detail:
        'Envíe la cookie de sesión, sin token de acceso. Un cliente con token de refresco obtiene tokens nuevos con POST /auth/refresh.',
    },
    session_invalid: {
      title: 'La cookie de sesión no es válida',
      detail: 'La cookie de sesión no es auténtica, o la petición contiene más de una. Inicie sesión de nuevo.',
    },
    session_expired: {
      title: 'La sesión ha caducado',
      detail: 'La sesión estuvo inactiva demasiado tiempo o alcanzó su duración máxima. Inicie sesión de nuevo.',
    },
    session_not_found: {
      title: 'Sesión no encontrada',
      detail: 'Este usuario no tiene ninguna sesión con este id.',
    },
    invalid_client: {
      title: 'Cliente desconocido',
      detail: 'Envíe por HTTP Basic el client_id y el client_secret de un cliente registrado.',
    },
    session_revoked: {
      title: 'La sesión ha terminado',
      detail: 'La sesión de este token o de esta cookie ha terminado. Inicie sesión de nuevo.',
    },
  },
  details: {
    malformed_request: {
      json_bad_character:
        'El cuerpo no es JSON válido: hay un carácter no permitido en la línea {line}, columna {column}.',
      json_bad_escape:
        'El cuerpo no es JSON válido: hay una secuencia de escape no válida en la línea {line}, columna {column}.',
      json_bad_number: 'El cuerpo no es JSON válido: hay un número no válido en la línea {line}, columna {column}.',
      json_bad_word:
        'El cuerpo no es JSON válido: hay una palabra desconocida en la línea {line}, columna {column}. Las cadenas van entre comillas dobles.',
      json_name_expected:
        'El cuerpo no es JSON válido: se espera un nombre de campo entre comillas dobles en la línea {line}, columna {column}.',
      json_value_expected: 'El cuerpo no es JSON válido: se espera un valor en la línea {line}, columna {column}.',
      json_colon_expected: 'El cuerpo no es JSON válido: se esperan dos puntos en la línea {line}, columna {column}.',
      json_comma_expected:
        'El cuerpo no es JSON válido: se espera una coma o un corchete de cierre en la línea {line}, columna {column}.',
      json_brace_expected:
        'El cuerpo no es JSON válido: se espera una llave de cierre en la línea {line}, columna {column}.',
      json_bracket_expected:
        'El cuerpo no es JSON válido: se espera un corchete de cierre en la línea {line}, columna {column}.',
      json_end_expected:
        'El cuerpo no es JSON válido: hay texto después del final en la línea {line}, columna {column}.',
      json_comment: 'El cuerpo no es JSON válido: hay un comentario en la línea {line}, columna {column}.',
      json_string_unclosed:
        'El cuerpo no es JSON válido: la cadena de la línea {line}, columna {column} no está cerrada.',
      json_field_repeated:
        'El cuerpo contiene dos veces el campo {name}, la segunda en la línea {line}, columna {column}.',
      json_field_forbidden: 'El cuerpo contiene el campo __proto__ en la línea {line}, columna {column}. Elimínelo.',
      json_too_deep: 'El cuerpo tiene más de 32 niveles de anidamiento.',
      not_utf8: 'El cuerpo no es UTF-8 válido.',
      parameter_repeated: 'El formulario contiene dos veces el parámetro {name}.',
    },
    unsupported_media_type: {
      form_expected: 'Envíe el cuerpo como Content-Type: application/x-www-form-urlencoded.',
      charset: 'Envíe el cuerpo en UTF-8, como Content-Type: application/json; charset=utf-8.',
    },
    csrf_failed: {
      foreign_origin:
        'La cabecera Origin o Sec-Fetch-Site indica que la petición procede de otro origen. Para admitirlo, el operador debe añadirlo a CORS_ORIGINS.',
    },
  },
  faults: {
    required: 'Este campo es obligatorio.',
    unknown_member: 'Este campo es desconocido. Campos conocidos: {known}.',
    not_a_string: 'Envíe una cadena de texto.',
    not_an_object: 'Envíe un objeto JSON.',
    invalid_text: 'Elimine los caracteres NUL y los sustitutos (surrogates) sueltos.',
    not_a_boolean: 'Envíe true o false.',
    empty: 'Este campo no debe estar vacío.',
    not_a_credential: 'Envíe lo que devuelve toJSON() para el resultado de navigator.credentials.create() o get().',
    passkey_name_invalid:
      'Use de 1 a 64 caracteres, sin caracteres de control, espacios repetidos ni espacios en los extremos.',
    transport_unknown: 'Envíe "bearer" o "cookie".',
    language_unknown: 'Envíe "en" o "es".',
    two_tokens: 'La cabecera Authorization lleva otro token. Envíe un solo token, o el mismo dos veces.',
    keep_unknown: 'Envíe "current".',
    event_type_unknown: 'Este tipo de evento no existe. GET /openapi.json los enumera.',
    not_an_id: 'Envíe un id obtenido en una respuesta anterior.',
    limit_out_of_range: 'Envíe un número entero de 1 a 100.',
    username_invalid:
      'Use de 1 a 64 caracteres, sin caracteres de control, espacios repetidos ni espacios en los extremos. Use @ solo si el nombre es la dirección de correo.',
    email_invalid: 'Use una dirección de correo electrónico, como nombre@example.com.',
    password_too_short: 'La contraseña debe tener al menos {minimum} caracteres.',
    password_too_long: 'La contraseña debe tener como máximo {maximum} caracteres.',
    password_common: 'No use una contraseña común y fácil de adivinar.',
    password_contains_name: 'No use el nombre de usuario ni la dirección de correo como contraseña.',
    password_contains_service_name: 'No use el nombre de este servicio como contraseña.',
    password_breached: 'No use esta contraseña: aparece en una filtración de datos conocida.',
  },
};
